/// What held a sender back, and why it sent bytes again: sums, shares and lines for people.
///
/// Stands on the public API alone. Threading: values.
@NullMarked
package io.longhaul.cli.account;

import org.jspecify.annotations.NullMarked;
