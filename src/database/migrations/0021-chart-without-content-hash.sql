-- Nobody reads it: whether content changed is seen in memory, where the chart is.
alter table chart_resource drop column content_hash;
