/// The command as people run it: real processes, real sockets, real files.
@NullMarked
package io.longhaul.process;

import org.jspecify.annotations.NullMarked;
