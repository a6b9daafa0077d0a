"""The ground: device, threads and precision, memory, random numbers, clocks."""
