"""Agreement of scores with ratings: coefficients, intervals, slices."""
