"""Looking inside a network: layers, filters, feature maps, Grad-CAM; trained networks and their export."""
