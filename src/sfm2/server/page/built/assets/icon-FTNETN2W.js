var o="./icon-AA6GNUXT.svg";export{o as default};
