//! Directories, files and archives to inventories, as a stream, in bounded memory.
