"""What a careful colleague would look at before believing a match, a module per question.

Every check is a function of a :class:`.view.View`, what is around a sample of the primaries, and
gives a :class:`.finding.Finding`; :func:`.run.run_checks` calls them all.
"""
