/** The languages that the server knows, as editors and people call them. */
// Made from src/sfm2/languages.toml by `make openapi`; not edited by hand.
// biome-ignore-all format: generated
import type { Language } from "sfm2-client";

export interface LanguageEntry {
  /** For people. */
  readonly label: string;
  /** What editors call it besides our own name, in lower case. */
  readonly editorIds: readonly string[];
  /** Of file names, with their dot. */
  readonly suffixes: readonly string[];
  /** One level of it in new code. */
  readonly indentation: string;
  /** What begins a comment up to the line's end; "" where nothing does. */
  readonly comment: string;
}

export const LANGUAGES: Readonly<Record<Language, LanguageEntry>> = {
  python: { label: "Python", editorIds: [], suffixes: [".py", ".pyi", ".pyw", ".wsgi"], indentation: "    ", comment: "#" },
  javascript: { label: "JavaScript", editorIds: ["javascriptreact", "jsx", "js"], suffixes: [".js", ".mjs", ".cjs", ".jsx", ".es6"], indentation: "  ", comment: "//" },
  typescript: { label: "TypeScript", editorIds: ["ts"], suffixes: [".ts", ".mts", ".cts"], indentation: "  ", comment: "//" },
  java: { label: "Java", editorIds: [], suffixes: [".java"], indentation: "    ", comment: "//" },
  go: { label: "Go", editorIds: ["golang"], suffixes: [".go"], indentation: "\t", comment: "//" },
  rust: { label: "Rust", editorIds: [], suffixes: [".rs"], indentation: "    ", comment: "//" },
  c: { label: "C", editorIds: [], suffixes: [".c", ".h"], indentation: "    ", comment: "//" },
  cpp: { label: "C++", editorIds: ["c++", "arduino"], suffixes: [".cc", ".cpp", ".cxx", ".c++", ".cppm", ".ixx", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".inl", ".ino", ".h"], indentation: "    ", comment: "//" },
  csharp: { label: "C#", editorIds: ["c-sharp", "c#", "cs"], suffixes: [".cs", ".csx", ".cake"], indentation: "    ", comment: "//" },
  ruby: { label: "Ruby", editorIds: [], suffixes: [".rb", ".rake", ".gemspec", ".podspec", ".ru", ".jbuilder", ".rbw"], indentation: "    ", comment: "#" },
  php: { label: "PHP", editorIds: [], suffixes: [".php", ".phtml"], indentation: "    ", comment: "//" },
  bash: { label: "Bash", editorIds: ["shellscript", "shell script", "sh"], suffixes: [".sh", ".bash", ".ksh", ".bats"], indentation: "    ", comment: "#" },
  sql: { label: "SQL", editorIds: ["mysql", "plsql", "pgsql", "postgres", "tsql"], suffixes: [".sql", ".ddl", ".psql", ".pgsql"], indentation: "    ", comment: "--" },
  html: { label: "HTML", editorIds: [], suffixes: [".html", ".htm", ".xhtml"], indentation: "  ", comment: "" },
  css: { label: "CSS", editorIds: [], suffixes: [".css"], indentation: "  ", comment: "" },
  json: { label: "JSON", editorIds: ["jsonc", "jsonl"], suffixes: [".json", ".jsonc", ".jsonl", ".geojson", ".webmanifest", ".code-workspace", ".ipynb"], indentation: "  ", comment: "//" },
  yaml: { label: "YAML", editorIds: ["dockercompose", "github-actions-workflow", "azure-pipelines", "ansible"], suffixes: [".yaml", ".yml"], indentation: "  ", comment: "#" },
  toml: { label: "TOML", editorIds: [], suffixes: [".toml"], indentation: "    ", comment: "#" },
  tsx: { label: "TypeScript JSX", editorIds: ["typescriptreact"], suffixes: [".tsx"], indentation: "  ", comment: "//" },
  kotlin: { label: "Kotlin", editorIds: [], suffixes: [".kt", ".kts"], indentation: "    ", comment: "//" },
  swift: { label: "Swift", editorIds: [], suffixes: [".swift"], indentation: "    ", comment: "//" },
  scala: { label: "Scala", editorIds: [], suffixes: [".scala", ".sbt", ".sc", ".mill"], indentation: "  ", comment: "//" },
  lua: { label: "Lua", editorIds: [], suffixes: [".lua", ".rockspec"], indentation: "  ", comment: "--" },
  dart: { label: "Dart", editorIds: [], suffixes: [".dart"], indentation: "  ", comment: "//" },
  zig: { label: "Zig", editorIds: [], suffixes: [".zig", ".zon"], indentation: "    ", comment: "//" },
  elixir: { label: "Elixir", editorIds: ["ex"], suffixes: [".ex", ".exs"], indentation: "  ", comment: "#" },
  haskell: { label: "Haskell", editorIds: [], suffixes: [".hs"], indentation: "  ", comment: "--" },
  r: { label: "R", editorIds: [], suffixes: [".r"], indentation: "  ", comment: "#" },
  perl: { label: "Perl", editorIds: [], suffixes: [".pl", ".pm", ".t", ".psgi"], indentation: "    ", comment: "#" },
  julia: { label: "Julia", editorIds: [], suffixes: [".jl"], indentation: "    ", comment: "#" },
  ocaml: { label: "OCaml", editorIds: [], suffixes: [".ml"], indentation: "  ", comment: "" },
  ocaml_interface: { label: "OCaml interface", editorIds: ["ocaml.interface"], suffixes: [".mli"], indentation: "  ", comment: "" },
  fsharp: { label: "F#", editorIds: ["f#"], suffixes: [".fs", ".fsx", ".fsi"], indentation: "    ", comment: "//" },
  clojure: { label: "Clojure", editorIds: [], suffixes: [".clj", ".cljs", ".cljc", ".edn"], indentation: "  ", comment: ";" },
  erlang: { label: "Erlang", editorIds: [], suffixes: [".erl", ".hrl", ".escript"], indentation: "    ", comment: "%" },
  nix: { label: "Nix", editorIds: [], suffixes: [".nix"], indentation: "  ", comment: "#" },
  groovy: { label: "Groovy", editorIds: ["gradle", "jenkinsfile", "jenkins"], suffixes: [".groovy", ".gradle", ".gvy", ".jenkinsfile"], indentation: "    ", comment: "//" },
  objectivec: { label: "Objective-C", editorIds: ["objective-c", "objc"], suffixes: [".m", ".h"], indentation: "    ", comment: "//" },
  objectivecpp: { label: "Objective-C++", editorIds: ["objective-cpp", "objective-c++"], suffixes: [".mm"], indentation: "    ", comment: "//" },
  cuda: { label: "CUDA", editorIds: ["cuda-cpp"], suffixes: [".cu", ".cuh"], indentation: "    ", comment: "//" },
  glsl: { label: "GLSL", editorIds: [], suffixes: [".glsl", ".vert", ".frag", ".comp", ".geom", ".gdshader"], indentation: "    ", comment: "//" },
  hlsl: { label: "HLSL", editorIds: ["shaderlab"], suffixes: [".hlsl", ".hlsli", ".fx", ".shader"], indentation: "    ", comment: "//" },
  wgsl: { label: "WGSL", editorIds: [], suffixes: [".wgsl"], indentation: "    ", comment: "//" },
  cython: { label: "Cython", editorIds: [], suffixes: [".pyx", ".pxd", ".pxi"], indentation: "    ", comment: "#" },
  starlark: { label: "Starlark", editorIds: ["bazel"], suffixes: [".bzl", ".star", ".bazel"], indentation: "    ", comment: "#" },
  gdscript: { label: "GDScript", editorIds: [], suffixes: [".gd"], indentation: "\t", comment: "#" },
  nim: { label: "Nim", editorIds: [], suffixes: [".nim", ".nims", ".nimble"], indentation: "  ", comment: "#" },
  crystal: { label: "Crystal", editorIds: [], suffixes: [".cr"], indentation: "  ", comment: "#" },
  d: { label: "D", editorIds: [], suffixes: [".d"], indentation: "    ", comment: "//" },
  elm: { label: "Elm", editorIds: [], suffixes: [".elm"], indentation: "    ", comment: "--" },
  solidity: { label: "Solidity", editorIds: [], suffixes: [".sol"], indentation: "    ", comment: "//" },
  vb: { label: "Visual Basic", editorIds: [], suffixes: [".vb", ".vbs", ".bas"], indentation: "    ", comment: "'" },
  fortran: { label: "Fortran", editorIds: ["fortran-modern", "fortranfreeform", "fortranfixedform"], suffixes: [".f90", ".f95", ".f03", ".f08", ".f", ".for"], indentation: "  ", comment: "!" },
  matlab: { label: "MATLAB", editorIds: ["octave"], suffixes: [".m", ".mlx"], indentation: "    ", comment: "%" },
  pascal: { label: "Pascal", editorIds: ["objectpascal"], suffixes: [".pas", ".dpr", ".lpr"], indentation: "  ", comment: "//" },
  ada: { label: "Ada", editorIds: [], suffixes: [".adb", ".ads"], indentation: "   ", comment: "--" },
  verilog: { label: "Verilog", editorIds: ["systemverilog"], suffixes: [".v", ".vh", ".sv", ".svh"], indentation: "    ", comment: "//" },
  vhdl: { label: "VHDL", editorIds: [], suffixes: [".vhd", ".vhdl"], indentation: "    ", comment: "--" },
  assembly: { label: "Assembly", editorIds: ["asm", "asm-intel-x86-generic", "nasm", "gas", "arm"], suffixes: [".s", ".asm", ".nasm"], indentation: "    ", comment: ";" },
  commonlisp: { label: "Common Lisp", editorIds: ["lisp"], suffixes: [".lisp", ".lsp", ".asd"], indentation: "  ", comment: ";" },
  scheme: { label: "Scheme", editorIds: ["racket"], suffixes: [".scm", ".ss", ".sld", ".rkt"], indentation: "  ", comment: ";" },
  elisp: { label: "Emacs Lisp", editorIds: ["emacs-lisp", "emacslisp"], suffixes: [".el"], indentation: "  ", comment: ";" },
  coffeescript: { label: "CoffeeScript", editorIds: [], suffixes: [".coffee"], indentation: "  ", comment: "#" },
  raku: { label: "Raku", editorIds: ["perl6"], suffixes: [".raku", ".rakumod", ".p6"], indentation: "    ", comment: "#" },
  tcl: { label: "Tcl", editorIds: [], suffixes: [".tcl"], indentation: "    ", comment: "#" },
  awk: { label: "AWK", editorIds: [], suffixes: [".awk"], indentation: "    ", comment: "#" },
  vim: { label: "Vim script", editorIds: ["viml", "vimscript"], suffixes: [".vim"], indentation: "  ", comment: "\"" },
  zsh: { label: "Zsh", editorIds: [], suffixes: [".zsh", ".zsh-theme"], indentation: "    ", comment: "#" },
  fish: { label: "Fish", editorIds: [], suffixes: [".fish"], indentation: "    ", comment: "#" },
  powershell: { label: "PowerShell", editorIds: ["ps1", "pwsh"], suffixes: [".ps1", ".psm1", ".psd1"], indentation: "    ", comment: "#" },
  batch: { label: "Batch file", editorIds: ["bat"], suffixes: [".bat", ".cmd"], indentation: "    ", comment: "::" },
  dockerfile: { label: "Dockerfile", editorIds: ["docker"], suffixes: [".dockerfile"], indentation: "    ", comment: "#" },
  makefile: { label: "Makefile", editorIds: ["make"], suffixes: [".mk", ".mak"], indentation: "\t", comment: "#" },
  cmake: { label: "CMake", editorIds: [], suffixes: [".cmake"], indentation: "  ", comment: "#" },
  meson: { label: "Meson", editorIds: [], suffixes: [], indentation: "  ", comment: "#" },
  just: { label: "Justfile", editorIds: [], suffixes: [".just"], indentation: "    ", comment: "#" },
  hcl: { label: "Terraform, HCL", editorIds: ["terraform", "terraform-vars", "opentofu"], suffixes: [".tf", ".tfvars", ".tofu", ".hcl", ".nomad"], indentation: "  ", comment: "#" },
  nginx: { label: "nginx", editorIds: ["nginx-conf"], suffixes: [".nginx", ".nginxconf", ".conf"], indentation: "    ", comment: "#" },
  protobuf: { label: "Protocol Buffers", editorIds: ["proto", "proto3", "proto2"], suffixes: [".proto"], indentation: "  ", comment: "//" },
  graphql: { label: "GraphQL", editorIds: ["gql"], suffixes: [".graphql", ".gql", ".graphqls"], indentation: "  ", comment: "#" },
  prisma: { label: "Prisma", editorIds: [], suffixes: [".prisma"], indentation: "  ", comment: "//" },
  ini: { label: "INI, properties", editorIds: ["properties", "java-properties", "dosini", "conf", "cfg", "systemd-unit-file", "editorconfig"], suffixes: [".ini", ".cfg", ".properties", ".service", ".socket", ".timer", ".desktop", ".editorconfig", ".gitconfig", ".conf"], indentation: "    ", comment: "#" },
  dotenv: { label: "dotenv", editorIds: [], suffixes: [".env"], indentation: "    ", comment: "#" },
  xml: { label: "XML", editorIds: ["xsl", "svg", "xaml"], suffixes: [".xml", ".svg", ".xsd", ".xsl", ".xslt", ".plist", ".csproj", ".fsproj", ".vbproj", ".props", ".targets", ".xaml", ".axaml", ".resx", ".rss", ".wsdl", ".storyboard", ".xib", ".nuspec", ".launch", ".urdf"], indentation: "  ", comment: "" },
  vue: { label: "Vue", editorIds: ["vue-html"], suffixes: [".vue"], indentation: "  ", comment: "" },
  svelte: { label: "Svelte", editorIds: [], suffixes: [".svelte"], indentation: "  ", comment: "" },
  astro: { label: "Astro", editorIds: [], suffixes: [".astro"], indentation: "  ", comment: "" },
  blade: { label: "Blade", editorIds: [], suffixes: [".blade.php"], indentation: "    ", comment: "" },
  erb: { label: "ERB, EJS, EEx", editorIds: ["html.erb", "ejs", "html-eex", "phoenix-heex", "eex", "heex"], suffixes: [".erb", ".ejs", ".eex", ".heex", ".leex", ".rhtml"], indentation: "  ", comment: "" },
  jinja: { label: "Jinja, Twig, Liquid", editorIds: ["jinja-html", "django-html", "django-txt", "twig", "liquid", "nunjucks", "jinja-yaml", "jinja2"], suffixes: [".j2", ".jinja", ".jinja2", ".twig", ".liquid", ".njk"], indentation: "  ", comment: "" },
  handlebars: { label: "Handlebars, Mustache", editorIds: ["mustache", "html.handlebars"], suffixes: [".hbs", ".handlebars", ".mustache"], indentation: "  ", comment: "" },
  gotemplate: { label: "Go template, Helm", editorIds: ["helm", "helm-template", "gotmpl", "go-template", "gohtml"], suffixes: [".tpl", ".tmpl", ".gotmpl", ".gohtml"], indentation: "  ", comment: "" },
  razor: { label: "Razor", editorIds: ["aspnetcorerazor"], suffixes: [".razor", ".cshtml"], indentation: "    ", comment: "" },
  pug: { label: "Pug, Haml, Slim", editorIds: ["jade", "haml", "slim"], suffixes: [".pug", ".jade", ".haml", ".slim"], indentation: "  ", comment: "//" },
  scss: { label: "SCSS", editorIds: [], suffixes: [".scss"], indentation: "  ", comment: "//" },
  sass: { label: "Sass", editorIds: [], suffixes: [".sass"], indentation: "  ", comment: "//" },
  less: { label: "Less", editorIds: [], suffixes: [".less"], indentation: "  ", comment: "//" },
  latex: { label: "LaTeX", editorIds: ["tex", "bibtex", "plaintex"], suffixes: [".tex", ".sty", ".ltx", ".bib"], indentation: "  ", comment: "%" },
  markdown: { label: "Markdown", editorIds: ["md", "mdx", "rmd", "quarto"], suffixes: [".md", ".markdown", ".mdx", ".mdc", ".rmd", ".qmd"], indentation: "    ", comment: "" },
  rst: { label: "reStructuredText", editorIds: ["restructuredtext"], suffixes: [".rst"], indentation: "    ", comment: "" },
  asciidoc: { label: "AsciiDoc", editorIds: [], suffixes: [".adoc", ".asciidoc"], indentation: "    ", comment: "//" },
  text: { label: "Plain text", editorIds: ["plaintext", "plain text", "fundamental", "git-commit", "gitcommit", "scminput"], suffixes: [".txt"], indentation: "    ", comment: "" },
};

const BY_EDITOR_ID: ReadonlyMap<string, Language> = new Map(
  (Object.entries(LANGUAGES) as [Language, LanguageEntry][]).flatMap(([name, { editorIds }]) =>
    [name, ...editorIds].map((id) => [id, name] as const),
  ),
);

/** The server's name of an editor's language; undefined: unknown, and the server looks at the path. */
export function languageOf(editorId: string): Language | undefined {
  return BY_EDITOR_ID.get(editorId.toLowerCase());
}
