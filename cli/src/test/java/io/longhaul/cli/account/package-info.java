/// Tests of sums and lines.
@NullMarked
package io.longhaul.cli.account;

import org.jspecify.annotations.NullMarked;
