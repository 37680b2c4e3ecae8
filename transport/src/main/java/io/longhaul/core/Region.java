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

/// A range of memory that is exposed under a name, to one connection or to all.
///
/// Threading: any thread may revoke; agents use it in between.
public final class Region {
    Region() {}

    /// Name under which peers look it up.
    public String name() {
        throw new AssertionError("in progress");
    }

    /// Length in bytes.
    public long length() {
        throw new AssertionError("in progress");
    }

    /// Stops all further use. Does not wait: {@code onQuiesced} is run, on any thread, once no byte can be read or written any
    /// more. Only the callback of the first call is kept.
    public void beginRevoke(Runnable onQuiesced) {
        throw new AssertionError("in progress");
    }

    /// True once it was revoked.
    public boolean isRevoked() {
        throw new AssertionError("in progress");
    }

    /// True once it was revoked and no byte can be read or written any more.
    public boolean isQuiesced() {
        throw new AssertionError("in progress");
    }
}
