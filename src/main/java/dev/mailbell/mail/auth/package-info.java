/**
 * Proofs of identity for mail logins: SASL mechanisms for passwords, and OAuth 2.0 access tokens
 * with the grants that they are requested by. It calls the guarded HTTP client; start reading at
 * {@link dev.mailbell.mail.auth.PasswordMechanisms} and {@link
 * dev.mailbell.mail.auth.AccessTokens}.
 */
@NullMarked
package dev.mailbell.mail.auth;

import org.jspecify.annotations.NullMarked;
