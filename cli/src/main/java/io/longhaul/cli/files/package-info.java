/// Copies of files: which paths may be served, what a half-finished copy leaves on the disk, and the dialogue of a
/// copy.
///
/// Owns the names `.NAME.longhaul-part` and `.NAME.longhaul-state` beside a target. Imports the transfer and control
/// packages. Threading: one thread per copy.
@NullMarked
package io.longhaul.cli.files;

import org.jspecify.annotations.NullMarked;
