"""The page on which an audit is set up. Its parts are loaded when it is first shown."""
