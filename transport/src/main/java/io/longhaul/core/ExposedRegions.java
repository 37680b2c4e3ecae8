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

import io.longhaul.ConfigurationException;
import io.longhaul.Grant;
import io.longhaul.Right;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Regions by name: those of an endpoint, which every connection may look up, or those of one connection.
///
/// Threading: any thread.
public final class ExposedRegions {
    /// Longest name, bytes of UTF-8.
    public static final int MAX_NAME_BYTES = 255;

    /// Most regions of an endpoint or a connection: each costs a connection that looks it up about 200 bytes.
    public static final int MAX_REGIONS = 65_536;

    private final ConcurrentHashMap<String, Region> byName = new ConcurrentHashMap<>();

    /// Creates an empty set.
    public ExposedRegions() {}

    /// Exposes memory, which must be accessible by the agents' threads.
    ///
    /// @param name 1 to 255 UTF-8 bytes
    /// @throws ConfigurationException when the name is invalid or taken, there are too many regions, or a read-only
    /// segment
    ///     would be written
    public Region expose(String name, MemorySegment segment, Grant grant) {
        final int nameBytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (nameBytes < 1
                || nameBytes > MAX_NAME_BYTES
                || !StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw new ConfigurationException(
                    "the name of a region has 1 to " + MAX_NAME_BYTES + " bytes of UTF-8, not " + nameBytes);
        }
        if (segment.isReadOnly()
                && (grant.rights().contains(Right.WRITE) || grant.rights().contains(Right.ATOMIC))) {
            throw new ConfigurationException(
                    "region " + name + " is read-only memory and cannot be granted " + grant.rights());
        }
        if (byName.size() >= MAX_REGIONS) {
            throw new ConfigurationException("region " + name + " would be more than " + MAX_REGIONS);
        }
        final Region region = new Region(this, name, segment, grant);
        if (byName.putIfAbsent(name, region) != null) {
            throw new ConfigurationException("region name " + name + " is taken; revoke that region first");
        }
        return region;
    }

    @Nullable
    Region find(String name) {
        return byName.get(name);
    }

    void remove(Region region) {
        byName.remove(region.name(), region);
    }
}
