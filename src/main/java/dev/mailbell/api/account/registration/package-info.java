/**
 * How a registration is read and resolved: the login, the mail server that is found for it, and the
 * faults of its host. It calls the discovery of mail servers and the OAuth apps, and no route;
 * start reading at {@link dev.mailbell.api.account.registration.AccountRegistration}.
 */
@NullMarked
package dev.mailbell.api.account.registration;

import org.jspecify.annotations.NullMarked;
