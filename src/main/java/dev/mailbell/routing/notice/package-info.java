/**
 * Changes that any node makes reach all nodes by rows of {@code change_notice}. It calls the caches
 * that read changed rows again; start reading at {@link dev.mailbell.routing.notice.ChangeNotices}.
 */
@NullMarked
package dev.mailbell.routing.notice;

import org.jspecify.annotations.NullMarked;
