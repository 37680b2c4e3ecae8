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
/// Traces of connections as qlog files: JSON text sequences (RFC 7464) in the schema of
/// draft-ietf-quic-qlog-main-schema,
/// version 0.3, with the events of draft-ietf-quic-qlog-quic-events as far as they fit.
///
/// Owns files and one thread per process. May import the core; knows no device. Threading: an agent tells, the writer's
/// thread writes; a ring lies between them.
@NullMarked
package io.longhaul.qlog;

import org.jspecify.annotations.NullMarked;
