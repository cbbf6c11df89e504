"""llama.cpp's `/infill`, as llama.vim and llama.vscode use it."""
