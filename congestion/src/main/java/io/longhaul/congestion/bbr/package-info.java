/// The model-based controller: BBRv3, tuned again for long paths.
///
/// Imports `java.base` and [io.longhaul.congestion] only. Threading: single-writer.
@NullMarked
package io.longhaul.congestion.bbr;

import org.jspecify.annotations.NullMarked;
