/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.core;

import io.longhaul.Grant;
import java.lang.foreign.MemorySegment;

/// Regions by name: those of an endpoint, which every connection may look up, or those of one connection.
///
/// Threading: any thread.
public final class ExposedRegions {
    /// Creates an empty set.
    public ExposedRegions() {}

    /// Exposes memory.
    ///
    /// @param name 1 to 255 UTF-8 bytes
    /// @throws io.longhaul.ConfigurationException when the name is invalid or taken, or there are too many regions, or a
    ///     read-only segment would be written
    public Region expose(String name, MemorySegment segment, Grant grant) {
        throw new AssertionError("in progress");
    }
}
