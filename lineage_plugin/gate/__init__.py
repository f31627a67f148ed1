"""May this run proceed?"""
