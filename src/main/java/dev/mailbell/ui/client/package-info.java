/**
 * The pages of clients, their keys, portal links and the audit log, and whose resources a page
 * shows. It calls the operations of the API; start reading at {@link
 * dev.mailbell.ui.client.ClientUi}.
 */
@NullMarked
package dev.mailbell.ui.client;

import org.jspecify.annotations.NullMarked;
