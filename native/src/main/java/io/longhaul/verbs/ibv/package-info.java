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
/// RDMA devices of the operating system, NICs and Soft-RoCE, through `libibverbs.so.1` by foreign functions.
///
/// Nothing is compiled and nothing is loaded before a provider is asked. Imports `java.base` and {@link
/// io.longhaul.linux}.
/// Struct offsets are in one class, calls in another; everything else deals with plain addresses.
///
/// Threading: as {@link io.longhaul.verbs.RdmaDevice} says.
@NullMarked
package io.longhaul.verbs.ibv;

import org.jspecify.annotations.NullMarked;
