/**
 * The routes of clients, their keys, portal links and the audit log; export, import and erasure
 * call {@code api.account.bulk} and {@code api.webhook}. Start reading at {@link
 * dev.mailbell.api.client.ClientRoutes}.
 */
@NullMarked
package dev.mailbell.api.client;

import org.jspecify.annotations.NullMarked;
