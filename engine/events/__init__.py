"""Events: everything the engine tells the outside."""
