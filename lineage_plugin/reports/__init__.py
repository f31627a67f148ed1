"""What people look at: lineage as a picture, and pages around it.  Values in, text out.

``graph.build`` turns what a survey found and what gates said into what is drawn, ``picture.svg``
draws it, ``page.html`` puts it into a page that needs nothing else.
"""
