"""Who gets what, where, and at what hour?"""
