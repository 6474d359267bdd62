"""Whether people are who the register says: the rules of căn cước, the worklist they fill, and its pages.

A person counts as worth the work while a granted benefit runs or is to come, while one is proposed, and from entry
until the first benefit is granted. The dead and those whose benefits have all ended are checked, too, but nobody has
to act on what is found.
"""
