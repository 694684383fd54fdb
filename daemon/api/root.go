package api

func rootRoutes() []Route { return nil }
