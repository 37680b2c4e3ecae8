/// Quantities as people write them on a command line: sizes, rates, times, fractions, lengths and addresses.
///
/// Owns the parsing and the printing of quantities. Imports nothing but `java.base`. Everything is immutable and
/// independent of the locale.
@NullMarked
package io.longhaul.cli.quantity;

import org.jspecify.annotations.NullMarked;
