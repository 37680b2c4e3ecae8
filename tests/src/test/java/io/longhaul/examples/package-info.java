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
/// Programs that show the verbs, each small enough to read at a glance; docs/verbs.md explains them.
///
/// Without arguments both ends are software devices. `DEVICE ADDRESS DEVICE ADDRESS` takes verbs devices, for example
/// `rxe_a 10.77.0.1 rxe_b 10.77.0.2`.
@org.jspecify.annotations.NullMarked
package io.longhaul.examples;
