/**
 * The limits of one mail host: how many connections and logins it gets, and which accounts wait for
 * one. It calls the schedule and admission only; begin with {@link
 * dev.mailbell.watch.host.MailHostLimiter}.
 */
@NullMarked
package dev.mailbell.watch.host;

import org.jspecify.annotations.NullMarked;
