/**
 * How many checks run at once, shared among kinds of checks and mail servers. It calls the schedule
 * only; begin with {@link dev.mailbell.watch.admission.CheckAdmission}.
 */
@NullMarked
package dev.mailbell.watch.admission;

import org.jspecify.annotations.NullMarked;
