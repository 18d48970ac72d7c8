/**
 * Encryption of the secrets in the database (mail passwords, tokens, webhook secrets), and the
 * signatures of requests to clients. It calls no other package; start reading at {@link
 * dev.mailbell.secret.Keyring}.
 */
@NullMarked
package dev.mailbell.secret;

import org.jspecify.annotations.NullMarked;
