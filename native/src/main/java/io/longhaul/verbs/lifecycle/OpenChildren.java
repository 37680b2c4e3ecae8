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
package io.longhaul.verbs.lifecycle;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The open children of a resource, which must be closed before it. For devices.
///
/// Threading: any one thread at a time, as [io.longhaul.verbs.RdmaDevice] says of making and closing.
public final class OpenChildren {
    private static final int MOST_NAMED = 8;

    private final Set<Object> children = new LinkedHashSet<>();

    /// Begins without children.
    public OpenChildren() {}

    /// Notes that a child was opened, or that something began to use the resource.
    public void add(Object child) {
        children.add(child);
    }

    /// Notes that it was closed.
    public void remove(Object child) {
        children.remove(child);
    }

    /// Throws when something is still open.
    ///
    /// @throws IllegalStateException with the names of what is open
    public void requireNone(Object parent) {
        if (children.isEmpty()) {
            return;
        }
        List<String> names = new ArrayList<>();
        for (Object child : children) {
            if (names.size() == MOST_NAMED) {
                names.add("and " + (children.size() - MOST_NAMED) + " more");
                break;
            }
            names.add(child.toString());
        }
        throw new IllegalStateException(
                "close(" + parent + ") refused, close first what uses it: " + String.join(", ", names));
    }
}
