/**
 * Proofs of identity for mail logins: SASL mechanisms for passwords ({@link PasswordMechanisms}),
 * and OAuth 2.0 access tokens, got and renewed by refresh token (RFC 6749, §6).
 */
@NullMarked
package dev.mailbell.mail.auth;

import org.jspecify.annotations.NullMarked;
