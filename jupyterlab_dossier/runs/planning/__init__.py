"""What is known of cells before they run: the analysis, the plan made of it, the conditions.

And what cells were seen to do beyond it, by which the plan of a run is widened.
"""
