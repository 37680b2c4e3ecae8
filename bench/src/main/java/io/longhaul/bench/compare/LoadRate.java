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
package io.longhaul.bench.compare;

/// How often messages are due under an open-loop load.
final class LoadRate {
    // Half of the line: a load that every transport could carry if it lost no time.
    private static final double SHARE_OF_LINE = 0.5;

    private LoadRate() {}

    /// Messages that are due in a second.
    static double messagesPerSecond(Cell cell) {
        return SHARE_OF_LINE * cell.path().rateBitsPerSecond() / (8.0 * cell.sizeBytes());
    }
}
