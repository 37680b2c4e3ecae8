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

/// The order of times of a monotonic clock: by difference, since its origin is arbitrary and it may overflow. Right for
/// times that are less than 292 years apart.
final class Instants {
    private Instants() {}

    /// The earlier of two times; {@link ConnectionEngine#NO_TIMEOUT} is later than all.
    static long earlier(long oneNanos, long otherNanos) {
        if (oneNanos == ConnectionEngine.NO_TIMEOUT) {
            return otherNanos;
        }
        if (otherNanos == ConnectionEngine.NO_TIMEOUT) {
            return oneNanos;
        }
        return oneNanos - otherNanos <= 0 ? oneNanos : otherNanos;
    }

    /// The later of two times.
    static long later(long oneNanos, long otherNanos) {
        return oneNanos - otherNanos >= 0 ? oneNanos : otherNanos;
    }
}
