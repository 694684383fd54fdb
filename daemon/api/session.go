package api

func sessionRoutes() []Route { return nil }
