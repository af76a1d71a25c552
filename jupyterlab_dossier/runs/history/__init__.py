"""What a run left, told afterwards: outputs, details, deliveries, inputs, comparisons."""
