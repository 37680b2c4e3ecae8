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

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a peer may do with an exposed region, and for how long.
///
/// @param rights at least one
/// @param lifetime time from the moment at which a connection is given its key, or null for the life of the connection
public record Grant(Set<Right> rights, @Nullable Duration lifetime) {
    /// Validates.
    public Grant {
        rights = Set.copyOf(rights);
        if (rights.isEmpty()) {
            throw new IllegalArgumentException("a grant needs at least one right of READ, WRITE, ATOMIC");
        }
        if (lifetime != null && (lifetime.isNegative() || lifetime.isZero())) {
            throw new IllegalArgumentException("lifetime=" + lifetime + " must be above zero");
        }
    }

    /// Grants rights for the life of the connection.
    public static Grant of(Right first, Right... more) {
        return new Grant(java.util.EnumSet.of(first, more), null);
    }
}
