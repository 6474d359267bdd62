"""Who receives a person's money and where: entered by one, confirmed by another, with the papers that say so."""
