"""Working together: police rounds, account campaigns, questions, outreach, directives, and telling people."""
