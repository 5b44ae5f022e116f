"""When is a post due?"""
