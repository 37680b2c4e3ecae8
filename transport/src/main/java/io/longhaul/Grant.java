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

/// What a peer may do with an exposed region, for how long, and how often.
///
/// Lifetime and uses are counted for each connection from the moment at which it is given its key: {@link
/// Connection#expose} gives them to one connection, {@link Longhaul#expose} to every one.
///
/// @param rights at least one
/// @param lifetime time from the moment at which a connection is given its key, or null for the life of the connection
/// @param uses operations that a connection may begin, 1..65536, or 0 for any number. One that fails after it was
///     begun counts; one that is refused does not
public record Grant(Set<Right> rights, @Nullable Duration lifetime, int uses) {
    /// Most uses that can be counted.
    public static final int MAX_USES = 65_536;

    /// Validates.
    public Grant {
        rights = Set.copyOf(rights);
        if (rights.isEmpty()) {
            throw new IllegalArgumentException("a grant needs at least one right of READ, WRITE, ATOMIC");
        }
        if (lifetime != null && (lifetime.isNegative() || lifetime.isZero())) {
            throw new IllegalArgumentException("lifetime=" + lifetime + " must be above zero");
        }
        if (uses < 0 || uses > MAX_USES) {
            throw new IllegalArgumentException("uses=" + uses + " is out of range: 1.." + MAX_USES + ", or 0 for any");
        }
    }

    /// Grants rights for any number of uses.
    public Grant(Set<Right> rights, @Nullable Duration lifetime) {
        this(rights, lifetime, 0);
    }

    /// Grants rights for the life of the connection.
    public static Grant of(Right first, Right... more) {
        return new Grant(java.util.EnumSet.of(first, more), null);
    }

    /// The same for a limited time.
    public Grant lasting(Duration time) {
        return new Grant(rights, time, uses);
    }

    /// The same for a limited number of operations.
    public Grant limitedTo(int operations) {
        return new Grant(rights, lifetime, operations);
    }
}
