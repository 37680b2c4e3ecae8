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
package io.longhaul;

import java.util.Set;

/// A named range of the peer's memory that this connection was granted.
///
/// @param name name under which the peer exposes it
/// @param key random 64-bit key, valid on one connection only
/// @param length bytes
/// @param rights what the grant allows
public record RemoteRegion(String name, long key, long length, Set<Right> rights) {
    /// Copies the rights.
    public RemoteRegion {
        if (length < 0) {
            throw new IllegalArgumentException("length=" + length + " is negative");
        }
        rights = Set.copyOf(rights);
    }
}
