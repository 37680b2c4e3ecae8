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
/// Connection management by addresses instead of queue pair numbers: librdmacm, bound by FFM.
///
/// Owns: the event channel, the identifiers, and what is exchanged while a connection is made. Queue pairs are made by
/// the
/// device and only given their attributes here. Nothing is compiled, and nothing is looked up before somebody asks for
/// it.
///
/// Imports `java.base`, `io.longhaul.verbs` and `io.longhaul.linux`.
///
/// Threading: a channel and its identifiers belong to one thread at a time; only
/// {@link io.longhaul.verbs.cm.CmEventChannel#wakeup()} may be called by everyone.
@NullMarked
package io.longhaul.verbs.cm;

import org.jspecify.annotations.NullMarked;
