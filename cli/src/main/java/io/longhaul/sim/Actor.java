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
package io.longhaul.sim;

/// Something that happens in virtual time.
public interface Actor {
    /// When it must be run next; {@link Long#MAX_VALUE} for never. Changes by {@link #wake} and {@link #run} alone.
    long nextNanos();

    /// Looks at everything: the owner may have done something to it since it ran last.
    void wake(long nowNanos);

    /// Does everything that is due.
    void run(long nowNanos);
}
