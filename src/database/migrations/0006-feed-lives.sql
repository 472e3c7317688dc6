-- The newest entry of each feed is its life; a feed's first life has no entry before it.
create index feed_life_newest on feed_life (feed, since desc);
